/**
 * The arrows of src/: which room, capability and folder may import which (CONTRIBUTING.md); and of test/: which suite.
 * Type-only imports count as any other, but for the one row that says otherwise.
 */
const rooms = {
  domain: [],
  shared: [],
  config: ['domain'],
  clients: ['domain', 'shared'],
  events: ['domain', 'shared'],
  observe: ['clients', 'domain', 'shared'],
  operations: ['domain'],
  admission: ['operations', 'events', 'domain', 'shared'],
  worker: ['admission', 'operations', 'events', 'clients', 'observe', 'domain', 'shared'],
  schedules: ['admission', 'operations', 'events', 'domain', 'shared'],
  metrics: ['events', 'domain', 'shared'],
  graphql: ['admission', 'operations', 'events', 'observe', 'config', 'domain'],
}

/** A capability of src/operations/ may import these others, and what lies beside them. */
const capabilities = {
  'node-access': [],
  backups: [],
  leadership: ['node-access'],
  nodes: ['leadership', 'node-access'],
  configuration: ['nodes', 'node-access'],
  services: ['node-access'],
  recovery: ['backups', 'leadership', 'nodes', 'configuration', 'services', 'node-access'],
}

/** A verb's folder imports no other's, but for what several verbs of recovery are made of. */
const verbs = {
  'recovery/cut-over': ['promotion'],
  'recovery/recover-cluster': ['copy', 'promotion', 'cut-over'],
  'recovery/undo-recovery': ['promotion', 'cut-over'],
  'recovery/settle-recovery': ['copy', 'promotion', 'cut-over', 'undo-recovery'],
  'recovery/discard-recovery': ['copy'],
  'recovery/lift-timeline-guard': ['cut-over'],
}

/** A topic of src/domain/ may import these others, and what lies beside them. */
const topics = {
  operation: [],
  wal: [],
  configuration: [],
  backup: ['wal'],
  recovery: ['wal', 'backup', 'cluster'],
  cluster: ['wal', 'backup', 'recovery'],
  health: ['cluster', 'wal', 'backup', 'recovery', 'configuration', 'operation', 'schedule'],
  schedule: ['operation'],
  summary: ['health', 'cluster', 'wal', 'backup', 'recovery', 'configuration'],
}

/** Packages that speak to one system each, and the only rooms that may. */
const packages = {
  '^(dockerode|etcd3|pg)$': ['clients'],
  '^bullmq$': ['admission', 'worker'],
  '^croner$': ['domain'],
  '^prom-client$': ['metrics'],
  '^(ioredis|pino)$': ['shared'],
  '^(@apollo/server|fastify|graphql-ws|graphql-sse|ws)$': ['graphql', 'bin'],
}

const inside = (names) => `^src/(${names.join('|')})/`
const among = (parent, names) => (names.length === 0 ? '^$' : `^src/${parent}/(${names.join('|')})/`)

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports`,
      severity: 'error',
      comment: `src/${room}/ may import ${[room, ...allowed].join(', ')} and nothing else of src/.`,
      from: { path: inside([room]) },
      to: { path: '^src/', pathNot: inside([room, ...allowed, ...(room === 'operations' ? ['clients', 'observe'] : [])]) },
    })),
    {
      name: 'operations-imports-types-of-clients',
      severity: 'error',
      comment: 'operations knows the types of clients and observe, and not their code.',
      from: { path: inside(['operations']) },
      to: { path: inside(['clients', 'observe']), dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(capabilities).map(([capability, allowed]) => ({
      name: `${capability}-imports`,
      severity: 'error',
      comment: `operations/${capability}/ may import ${[capability, ...allowed].join(', ')} of the capabilities.`,
      from: { path: among('operations', [capability]) },
      to: { path: '^src/operations/[^/]+/', pathNot: among('operations', [capability, ...allowed]) },
    })),
    {
      name: 'operations-framework-imports-no-capability',
      severity: 'error',
      from: { path: '^src/operations/[^/]+$' },
      to: { path: '^src/operations/[^/]+/' },
    },
    {
      name: 'no-verb-imports-another',
      severity: 'error',
      comment: 'A folder of a verb imports what lies beside it, not another verb of its capability.',
      from: { path: '^src/operations/([^/]+)/([^/]+)/', pathNot: `^src/operations/(${Object.keys(verbs).join('|')})/` },
      to: { path: '^src/operations/$1/[^/]+/', pathNot: '^src/operations/$1/$2/' },
    },
    ...Object.entries(verbs).map(([verb, allowed]) => {
      const [capability, folder] = verb.split('/')
      return {
        name: `${folder}-imports`,
        severity: 'error',
        comment: `operations/${verb}/ may import ${allowed.join(', ')} of the verbs beside it.`,
        from: { path: `^src/operations/${verb}/` },
        to: {
          path: `^src/operations/${capability}/[^/]+/`,
          pathNot: among(`operations/${capability}`, [folder, ...allowed]),
        },
      }
    }),
    {
      name: 'no-verb-of-another-capability',
      severity: 'error',
      comment: 'What another capability may use lies at the root of its folder.',
      from: { path: '^src/operations/([^/]+)/' },
      to: { path: '^src/operations/[^/]+/[^/]+/', pathNot: '^src/operations/$1/' },
    },
    {
      name: 'doors-are-for-the-loader',
      severity: 'error',
      comment: 'Nothing imports a kind but its tests: the loader finds it.',
      from: { path: '^src/' },
      to: { path: '\\.kind\\.ts$' },
    },
    {
      name: 'checks-and-plans-ask-no-client',
      severity: 'error',
      comment: 'A check and a plan go by the snapshot.',
      from: { path: '^src/operations/.*/(check|plan)-[^/]*\\.ts$', pathNot: '\\.kind\\.ts$' },
      to: { path: inside(['clients']) },
    },
    ...Object.entries(topics).map(([topic, allowed]) => ({
      name: `domain-${topic}-imports`,
      severity: 'error',
      comment: `domain/${topic}/ may import ${[topic, ...allowed].join(', ')} of the topics.`,
      from: { path: among('domain', [topic]) },
      to: { path: '^src/domain/[^/]+/', pathNot: among('domain', [topic, ...allowed]) },
    })),
    {
      name: 'domain-root-imports-no-topic',
      severity: 'error',
      from: { path: '^src/domain/[^/]+$' },
      to: { path: '^src/domain/[^/]+/' },
    },
    ...Object.entries(packages).map(([name, allowed]) => ({
      name: `only-${allowed.join('-')}-has-${name.replace(/[^a-z0-9]+/g, '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: inside(allowed) },
      to: { path: name.replace('^', '^node_modules/').replace('$', '/') },
    })),
    {
      name: 'test-support-imports-no-suite',
      severity: 'error',
      comment: 'What tests share is in test/support/, by itself.',
      from: { path: '^test/support/' },
      to: { path: '^test/', pathNot: '^test/support/' },
    },
    {
      name: 'no-suite-imports-another',
      severity: 'error',
      comment: 'What two suites need belongs into test/support/.',
      from: { path: '^test/([^/]+)/', pathNot: '^test/support/' },
      to: { path: '^test/', pathNot: '^test/($1|support)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
