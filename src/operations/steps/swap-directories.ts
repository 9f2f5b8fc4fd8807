import type { StepContext } from '../context.ts'
import { UnexpectedDirectoriesError } from './cut-over-errors.ts'
import { type CutOverState, targetService } from './cut-over-state.ts'
import { runScript } from './run-on-node.ts'

/** Three directories of one volume: which of them are there tells how far a swap came. */
const LOOK = 'for each; do if [ -d "$each" ]; then printf 1; else printf 0; fi; done'
// Safe to run again from anywhere in them.
const SWAP =
  'live=$1 copy=$2 previous=$3; [ -d "$previous" ] || mv -T "$live" "$previous"; [ ! -d "$copy" ] || mv -T "$copy" "$live"; sync "$(dirname "$live")"'
const SWAP_BACK =
  'live=$1 copy=$2 previous=$3; [ -d "$previous" ] || exit 0; [ ! -d "$live" ] || mv -T "$live" "$copy"; mv -T "$previous" "$live"; sync "$(dirname "$live")"'

/** SWAPPED: the recovered data is in the place of the node's. HALF: the place is empty. NO_COPY: nothing to swap. */
export type SwapProgress = 'NOT_SWAPPED' | 'HALF' | 'SWAPPED' | 'NO_COPY'

type Directories = Pick<CutOverState, 'live' | 'copy' | 'previous'>

/** How far it came. Throws UnexpectedDirectoriesError where no swap leads to what is there. */
export async function swapProgress(context: StepContext<unknown>, directories: Directories): Promise<SwapProgress> {
  const service = targetService(context)
  const seen = await runScript(context, service, LOOK, argumentsOf(directories))
  switch (seen) {
    case '110':
      return 'NOT_SWAPPED'
    case '100':
      return 'NO_COPY'
    case '011':
      return 'HALF'
    case '101':
      return 'SWAPPED'
    default:
      throw new UnexpectedDirectoriesError(service, describe(directories, seen))
  }
}

/** Puts the recovered data in the place of the node's, which is kept beside it. Two renames. */
export async function swapDirectories(context: StepContext<unknown>, directories: Directories): Promise<void> {
  const progress = await swapProgress(context, directories)
  if (progress === 'SWAPPED') return
  if (progress === 'NO_COPY') throw new UnexpectedDirectoriesError(targetService(context), `no ${directories.copy}`)
  await runScript(context, targetService(context), SWAP, argumentsOf(directories), { user: 'postgres' })
}

/** Puts the node's data back in its place. */
export async function swapBack(context: StepContext<unknown>, directories: Directories): Promise<void> {
  const progress = await swapProgress(context, directories)
  if (progress === 'NOT_SWAPPED' || progress === 'NO_COPY') return
  await runScript(context, targetService(context), SWAP_BACK, argumentsOf(directories), { user: 'postgres' })
}

function argumentsOf({ live, copy, previous }: Directories): string[] {
  return [live, copy, previous]
}

function describe(directories: Directories, seen: string): string {
  const is = (index: number) => (seen[index] === '1' ? 'is there' : 'is not there')
  return argumentsOf(directories)
    .map((directory, index) => `${directory} ${is(index)}`)
    .join(', ')
}
