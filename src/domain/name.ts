/** A name of what people configure: a service of the compose file, a schedule. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
