/** The operations that Howdah suggests by itself, and what each is told. */
interface SuggestedInputs {
  readonly applyRetentionPolicy: { readonly server: string }
  readonly archiveWals: { readonly server: string }
  readonly checkBackupServer: { readonly server?: string }
  readonly createBackup: { readonly server: string; readonly type: 'FULL' }
  readonly reinitializeNode: { readonly node: string }
  readonly restartCluster: { readonly pendingOnly: true }
  readonly restartNode: { readonly node: string }
  readonly restartService: { readonly service: string }
  readonly resumeCluster: object
  readonly startService: { readonly service: string }
}

export type SuggestedMutation = keyof SuggestedInputs

/** A remedy as a call: the mutation, and the input to send with it as it is. */
export interface SuggestedAction {
  readonly mutation: SuggestedMutation
  /**
   * Names the cluster, so it can be sent where several are configured. Never has `confirm`: what destroys data is
   * confirmed by the caller, for each time.
   */
  readonly input: Readonly<Record<string, unknown>> & { readonly cluster: string }
  /** For a button: "Start etcd2". */
  readonly title: string
}

/** The only way to make one: the input is what that mutation takes. */
export function suggest<M extends SuggestedMutation>(
  mutation: M,
  title: string,
  input: SuggestedInputs[M] & { readonly cluster: string },
): SuggestedAction {
  return { mutation, title, input: { ...input } }
}
