import { sessionOptions } from '../../../src/domain/session-settings.ts'

/** PGOPTIONS: what tests ask in a session of their own is not touched by what they set for users. */
export const OWN_SESSION = sessionOptions({ statement_timeout: '0', search_path: 'public' })
