/** The arrows between the rooms of src/ (CONTRIBUTING.md): what each may import. */
const rooms = {
  domain: [],
  shared: [],
  config: ['domain'],
  clients: ['domain', 'shared'],
  events: ['domain', 'shared'],
  observe: ['clients', 'domain', 'shared'],
  operations: ['domain'],
  queue: ['operations', 'events', 'domain', 'shared'],
  worker: ['queue', 'operations', 'events', 'clients', 'observe', 'domain', 'shared'],
  graphql: ['queue', 'operations', 'events', 'observe', 'config', 'domain'],
}

/** Packages that speak to one system each, and the only rooms that may. */
const packages = {
  '^(dockerode|etcd3|pg)$': ['clients'],
  '^bullmq$': ['queue', 'worker'],
  '^ioredis$': ['shared'],
  '^(@apollo/server|fastify|graphql-ws|graphql-sse|ws)$': ['graphql', 'bin'],
}

const path = (names) => `^src/(${names.join('|')})/`

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports`,
      severity: 'error',
      comment: `src/${room}/ may import ${[room, ...allowed].join(', ')} and nothing else of src/.`,
      from: { path: path([room]) },
      to: {
        path: '^src/',
        pathNot: path([room, ...allowed]),
        // operations knows the types of clients and observe, and not their code.
        ...(room === 'operations' ? { dependencyTypesNot: ['type-only'] } : {}),
      },
    })),
    ...Object.entries(packages).map(([name, allowed]) => ({
      name: `only-${allowed.join('-')}-has-${name.replace(/[^a-z0-9]+/g, '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: path(allowed) },
      to: { path: name.replace('^', '^node_modules/').replace('$', '/') },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
