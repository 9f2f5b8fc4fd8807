// @ts-check

/** @typedef {(settings: Readonly<Record<string, string>>, match: RegExpExecArray) => string} Remedy */

/** @type {readonly (readonly [RegExp, Remedy])[]} */
const KNOWN = [
  [
    /(?:port is already allocated|address already in use)/i,
    (settings, match) => {
      const port = /(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):(\d+)/i.exec(
        match.input.slice(0, match.index).split('\n').at(-1) ?? '',
      )?.[1]
      const name = Object.keys(settings).find((key) => key.endsWith('_PORT') && settings[key] === port)
      return port === undefined
        ? 'A port of the stack is in use on this machine: choose others in .env.'
        : `Port ${port} is in use on this machine: stop what uses it (ss -ltnp), or choose another for ${name ?? 'it'} in .env.`
    },
  ],
  [
    /pool overlaps with other one/i,
    (settings) =>
      `The network ${settings['NETWORK_SUBNET'] ?? ''} overlaps with one that exists: choose another NETWORK_SUBNET in .env, or remove what \`docker network ls\` shows as unused (docker network prune).`,
  ],
  [
    /container name "\/?([^"]+)" is already in use/i,
    (_, match) => `Another stack has a container "${match[1]}": remove that one, or set CONTAINER_PREFIX in .env.`,
  ],
  [
    /no space left on device/i,
    () => 'The disk is full: `docker system df` shows what Docker takes, `docker image prune` frees unused images.',
  ],
  [
    /could not resolve|temporary failure resolving|unable to fetch|failed to fetch/i,
    () => "Debian's package mirrors could not be reached from the build of an image.",
  ],
]

/**
 * What to do about a failure of Compose, as far as it is one that we know.
 * @param {string} output
 * @param {Readonly<Record<string, string>>} settings
 */
export function explainComposeFailure(output, settings) {
  for (const [pattern, remedy] of KNOWN) {
    const match = pattern.exec(output)
    if (match !== null) return remedy(settings, match)
  }
  return ''
}
