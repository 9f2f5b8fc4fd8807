import { spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'

export interface SshDestination {
  readonly host: string
  readonly port: number
  /** Under which name its key stands in the file of known hosts. */
  readonly hostKeyAlias: string
  readonly user: string
  readonly keyFile: string
  readonly knownHostsFile: string
}

/** A running ssh, whose other end speaks lines. */
export interface SshSession {
  send(line: string): void
  /** Ends it; `onEnd` is still called. */
  kill(): void
}

export interface SshHandlers {
  readonly onLine: (line: string) => void
  /** Once, with ssh's last words if it had any. */
  readonly onEnd: (reason: string) => void
}

export type OpenSsh = (destination: SshDestination, handlers: SshHandlers) => SshSession

/** Runs ssh without any prompt; a host key that is not the known one ends it. */
export const openSsh: OpenSsh = (destination, { onLine, onEnd }) => {
  const { host, port, hostKeyAlias, user, keyFile, knownHostsFile } = destination
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHostsFile}`,
    'GlobalKnownHostsFile=none',
    `HostKeyAlias=${hostKeyAlias}`,
    'IdentitiesOnly=yes',
    'ConnectTimeout=5',
    // A frozen container keeps its connections: unanswered for 10 s, it is as good as gone.
    'ServerAliveInterval=5',
    'ServerAliveCountMax=2',
    'LogLevel=ERROR',
  ]
  const argv = ['-F', 'none', '-T', '-i', keyFile, '-p', String(port)]
  const child = spawn('ssh', [...argv, ...options.flatMap((option) => ['-o', option]), `${user}@${host}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  let started = ''
  let ended = false
  const decoder = new StringDecoder('utf8')
  const end = (reason: string) => {
    if (ended) return
    ended = true
    onEnd(complaint.trim().split('\n').at(-1)?.trim() || reason)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk)
    const first = text.indexOf('\n')
    if (first < 0) {
      started += text
      return
    }
    onLine(started + text.slice(0, first))
    const lines = text.slice(first + 1).split('\n')
    started = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-1_000)
  })
  // What is written to an ssh that has just died is lost with it, and `close` reports that.
  child.stdin.on('error', () => {})
  child.on('error', (error) => end(error.message))
  child.on('close', (code, signal) => end(`ssh ended with ${signal ?? `exit code ${code}`}`))
  return {
    send: (line) => child.stdin.write(`${line}\n`),
    kill: () => child.kill('SIGKILL'),
  }
}
