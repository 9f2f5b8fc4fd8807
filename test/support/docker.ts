import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The Docker command line, as tests use it to start, hurt and remove what they own. Answers what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** Address of a container on its first network: reachable from this machine. */
export async function addressOf(container: string): Promise<string> {
  return docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', container).then(
    (addresses) => addresses.split(' ')[0] ?? '',
  )
}
