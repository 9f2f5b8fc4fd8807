import type { SwapAnswer, SwapDirectories } from '../../../clients/agent/node-data.ts'
import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { askNode } from '../../node-access/ask-node.ts'
import { UnexpectedDirectoriesError } from './cut-over-errors.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { targetService } from './cut-over-state.ts'

export type SwapProgress = Exclude<SwapAnswer['progress'], 'UNEXPECTED'>

/** How far it came. Throws UnexpectedDirectoriesError where no swap leads to what is there. */
export async function swapProgress(context: CutOverContext, directories: SwapDirectories): Promise<SwapProgress> {
  const answer = await askNode(context, targetService(context), (node) => node.swapProgress(directories))
  if (answer.progress === 'UNEXPECTED') throw new UnexpectedDirectoriesError(targetService(context), answer.seen)
  return answer.progress
}

/** Throws NodeCommandError where they cannot change places, before anything is stopped for it. */
export async function checkSwap(context: CutOverContext, directories: SwapDirectories): Promise<void> {
  await askNode(context, targetService(context), (node) => node.checkSwap(directories))
}

/** Puts the recovered data, tablespaces and all, in the place of the node's, which is kept beside it. */
export async function swapDirectories(context: CutOverContext, directories: SwapDirectories): Promise<void> {
  try {
    // It looks by itself, and moves nothing where no swap leads on: the cluster waits, so that is not looked at twice.
    await askNode(context, targetService(context), (node) => node.swap(directories))
  } catch (error) {
    if (error instanceof NodeCommandError && (await swapProgress(context, directories)) === 'NO_COPY')
      throw new UnexpectedDirectoriesError(targetService(context), `no data in ${directories.copy}`)
    throw error
  }
}

/** Puts the node's data back in its place. */
export async function swapBack(context: CutOverContext, directories: SwapDirectories): Promise<void> {
  await askNode(context, targetService(context), (node) => node.swapBack(directories))
}
