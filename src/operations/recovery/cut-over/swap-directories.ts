import { z } from 'zod'
import { NodeCommandError } from '../../node-access/node-command-error.ts'
import { runScript } from '../../node-access/run-script.ts'
import { UnexpectedDirectoriesError } from './cut-over-errors.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { type CutOverState, targetService } from './cut-over-state.ts'

const progressSchema = z.union([
  z.object({ progress: z.enum(['NOT_SWAPPED', 'HALF', 'SWAPPED', 'NO_COPY']) }),
  z.object({ progress: z.literal('UNEXPECTED'), seen: z.string() }),
])

/**
 * SWAPPED: the recovered data is in the place of the node's. HALF: the place is empty, or tablespaces are on their way. NO_COPY:
 * nothing to swap.
 */
export type SwapProgress = Exclude<z.output<typeof progressSchema>['progress'], 'UNEXPECTED'>

type Directories = Pick<CutOverState, 'live' | 'copy' | 'previous'>

/** How far it came. Throws UnexpectedDirectoriesError where no swap leads to what is there. */
export async function swapProgress(context: CutOverContext, directories: Directories): Promise<SwapProgress> {
  const answer = progressSchema.parse(JSON.parse(await ask(context, 'swap-progress', directories)))
  if (answer.progress === 'UNEXPECTED') throw new UnexpectedDirectoriesError(targetService(context), answer.seen)
  return answer.progress
}

/** Throws NodeCommandError where they cannot change places, before anything is stopped for it. */
export async function checkSwap(context: CutOverContext, directories: Directories): Promise<void> {
  await ask(context, 'swap-check', directories)
}

/** Puts the recovered data, tablespaces and all, in the place of the node's, which is kept beside it. */
export async function swapDirectories(context: CutOverContext, directories: Directories): Promise<void> {
  try {
    // It looks by itself, and moves nothing where no swap leads on: the cluster waits, so that is not looked at twice.
    await ask(context, 'swap', directories)
  } catch (error) {
    if (error instanceof NodeCommandError && (await swapProgress(context, directories)) === 'NO_COPY')
      throw new UnexpectedDirectoriesError(targetService(context), `no data in ${directories.copy}`)
    throw error
  }
}

/** Puts the node's data back in its place. */
export async function swapBack(context: CutOverContext, directories: Directories): Promise<void> {
  await ask(context, 'swap-back', directories)
}

/** By rename alone, and safe to run again from anywhere in it: docker/agent/howdah/data/swap.py. */
function ask(context: CutOverContext, verb: string, { live, copy, previous }: Directories): Promise<string> {
  const request = JSON.stringify({ live, copy, previous })
  return runScript(context, targetService(context), `howdah-data ${verb} "$1"`, [request], { user: 'postgres' })
}
