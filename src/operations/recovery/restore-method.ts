import { RestoreMethod } from '../../domain/recovery/recovery.ts'
import { describeEnum } from '../describe-enum.ts'

// Imported by the inputs and by the type that have a field of it: it is registered once.
describeEnum(RestoreMethod, 'RestoreMethod', 'How archived WAL comes to a recovery.', {
  PREFETCH: "Howdah's own: ahead of the replay, in parallel, over kept connections. The fastest.",
  GET_WAL: '`barman get-wal` over SSH, a connection a segment.',
  BARMAN_WAL_RESTORE: '`barman-wal-restore`, a Python and an SSH connection a segment.',
})
