// @ts-check
import { z } from 'zod'

/** @typedef {z.infer<typeof schema>} Cluster As Patroni's REST answers GET /cluster. */

const schema = z.object({
  members: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      /** Bytes; "unknown" while Patroni cannot say. */
      lag: z.union([z.number(), z.string()]).optional(),
    }),
  ),
  pause: z.boolean().optional(),
})

/**
 * @param {string} body
 * @returns {Cluster | null} Null: it is no such answer.
 */
export function readAnswer(body) {
  try {
    return schema.parse(JSON.parse(body))
  } catch {
    return null
  }
}
