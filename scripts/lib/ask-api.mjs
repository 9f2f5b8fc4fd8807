// @ts-check

const TIMEOUT_MS = 5000

/** The API answered, and refused. */
export class ApiRefusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * @param {{ url: string, token: string }} api
 * @param {string} query
 * @returns {Promise<any>} What stands under `data`.
 */
export async function askApi({ url, token }, query) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const { data, errors } = /** @type {{ data?: unknown, errors?: { message: string }[] }} */ (await response.json())
  if (data === undefined || data === null)
    throw new ApiRefusal(response.status, errors?.[0]?.message ?? `HTTP ${response.status}`)
  return data
}
