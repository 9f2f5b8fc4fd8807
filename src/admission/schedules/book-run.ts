import { LogUnavailableError } from '../../events/event-errors.ts'

/**
 * The operation is recorded by then, and that is what its caller has to know: an error would have it requested again. Where Redis goes away in
 * between, its schedule goes on to show what the slot became without it.
 */
export async function bookRun(booking: Promise<void>): Promise<void> {
  await booking.catch((error: unknown) => {
    if (!(error instanceof LogUnavailableError)) throw error
  })
}
