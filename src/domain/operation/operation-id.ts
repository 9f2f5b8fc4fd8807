/** The shape of an operation's id: the time of its request, and random digits. */
const OPERATION_ID = /^\d{8}T\d{9}-[0-9a-z]{6}$/

export function isOperationId(text: string): boolean {
  return OPERATION_ID.test(text)
}
