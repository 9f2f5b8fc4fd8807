import { z } from 'zod'
import { NAME } from '../domain/name.ts'

const name = z.string().regex(NAME, 'a name: letters, digits, "_", "." and "-"')
const port = z.coerce.number().int().min(1).max(65_535)
const url = z.url({ protocol: /^(https?|rediss?)$/ })
/** YAML's word, or a variable's. */
const flag = z.union([z.boolean(), z.stringbool()])
const bound = z.coerce.number().int().positive()

/** As PostgreSQL and Patroni write it: "16MB". */
const size = z
  .string()
  .regex(/^\d+\s*(kB|MB|GB)?$/, 'a size: a number with kB, MB or GB, or of bytes')
  .transform(
    (text) => Number.parseInt(text, 10) * 1024 ** ['B', 'kB', 'MB', 'GB'].indexOf(/[kMG]?B$/.exec(text)?.[0] ?? 'B'),
  )

/** `configs/howdah.yml`, after the environment has been put in. Unknown keys are faults: most are typing errors. */
export const configurationFileSchema = z.strictObject({
  redis: z.strictObject({ url }),
  http: z.strictObject({ host: z.string().min(1), port }),
  limits: z.strictObject({
    maxDepth: bound,
    maxCost: bound,
    maxAliases: bound,
    maxTokens: bound,
    maxBatch: bound,
    maxBodyBytes: bound,
    // Six of its files each: Docker's userland proxy does not survive more than a sixth of its file limit.
    maxConnections: bound.default(1_000),
    maxSubscriptionsPerConnection: bound,
    slowSubscriberSeconds: bound,
  }),
  approvals: z
    .strictObject({
      required: z.array(z.string()).default([]),
      distinct: flag.default(false),
      // An idempotency key stands for a proposal for seven days.
      expireSeconds: bound.max(518_400).default(86_400),
    })
    .prefault({}),
  clusters: z
    .array(
      z.strictObject({
        name,
        namespace: z.string().regex(/^\/.*\/$/, 'begins and ends with "/"'),
        docker: z.string().regex(/^(unix:\/\/\/|https?:\/\/)/, 'unix:///path or http://host:port'),
        /** Empty: containers go by their names alone. */
        composeProject: name.or(z.literal('')).default(''),
        containerPrefix: z.string(),
        postgresUser: name,
        patroniUser: name,
        sshUser: name,
        nodes: z
          .array(
            z.strictObject({
              name,
              host: z.string().min(1),
              port,
              apiUrl: url,
              dataDirectory: z.string().startsWith('/'),
              service: name.optional(),
              docker: z.string().optional(),
            }),
          )
          .min(1),
        etcd: z.array(z.strictObject({ name, clientUrl: url, service: name.optional() })).min(1),
        haproxy: z.strictObject({
          service: name,
          host: z.string().min(1),
          port,
          statsUrl: url,
          readMaxLag: size.default(16 * 1024 ** 2),
        }),
        backupServers: z.array(
          z.strictObject({
            /** Empty: the cluster's own name. */
            name: name.or(z.literal('')),
            service: name,
            host: z.string().min(1),
            sshPort: port,
            rehearsalPort: port,
          }),
        ),
        services: z.array(name),
        /** Empty: it is not looked at whether anything listens on published ports. */
        hostSockets: z.string().startsWith('/').or(z.literal('')).default(''),
        runSchedules: flag.default(true),
        schedules: z
          .array(
            z.strictObject({
              name,
              kind: z.string().min(1),
              input: z.record(z.string(), z.unknown()).default({}),
              cron: z.string(),
              timeZone: z.string().default('UTC'),
              jitterSeconds: z.coerce.number().default(0),
              deadlineSeconds: z.coerce.number().default(3_600),
            }),
          )
          .default([]),
        releaseDeadLeader: flag.default(true),
        // The lock of a worker that has died is free after 10 s.
        lockPatienceSeconds: z.coerce.number().int().min(15).default(120),
      }),
    )
    .min(1),
})

export type ConfigurationFile = z.infer<typeof configurationFileSchema>

/** `tokens.json`. */
export const tokensFileSchema = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: z.string().min(1).max(63),
      role: z.enum(['VIEWER', 'OPERATOR', 'ADMIN']),
      token: z.string().min(32),
    }),
  ),
})

/** The environment of API and worker. */
export const environmentSchema = z.object({
  HOWDAH_CONFIG: z.string().default('configs/howdah.yml'),
  HOWDAH_SECRETS: z.string().default('/run/howdah'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})
