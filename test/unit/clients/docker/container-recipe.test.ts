import type Docker from 'dockerode'
import { expect, test } from 'vitest'
import { recipeOf } from '../../../../src/clients/docker/container-recipe.ts'

const ID = 'aabbccddeeff00112233'

function inspected(changes: Readonly<Record<string, unknown>> = {}): Docker.ContainerInspectInfo {
  const told = {
    Id: ID,
    Image: 'sha256:old',
    Name: '/etcd2',
    Mounts: [
      { Type: 'volume', Name: 'stack_etcd2_data', Source: '/x', Destination: '/var/lib/etcd', Mode: 'rw', RW: true },
      { Type: 'volume', Name: 'f00d', Source: '/y', Destination: '/scratch', Mode: '', RW: true },
    ],
    Config: {
      Hostname: 'etcd2',
      Domainname: '',
      User: 'etcd',
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: ['ETCD_NAME=etcd2', 'PATH=/old/bin', 'TZ=UTC'],
      Cmd: ['etcd'],
      Entrypoint: ['tini', '--'],
      WorkingDir: '/',
      Image: 'howdah/etcd:trixie',
      Volumes: { '/var/lib/etcd': {}, '/scratch': {} },
      ExposedPorts: { '2379/tcp': {} },
      Labels: { 'com.docker.compose.service': 'etcd2', 'com.docker.compose.image': 'sha256:old', maker: 'image' },
      Healthcheck: { Test: ['CMD', 'etcdctl'] },
      StopTimeout: 3,
      ...changes,
    },
    HostConfig: { Binds: ['stack_etcd2_data:/var/lib/etcd:rw'], RestartPolicy: { Name: 'unless-stopped' } },
    NetworkSettings: {
      Networks: {
        patroni: { Aliases: ['etcd2', ID.slice(0, 12)], IPAMConfig: { IPv4Address: '172.20.0.9' }, Links: null },
        control: { Aliases: null, IPAMConfig: null, Links: null },
      },
    },
  }
  // Only what the recipe reads.
  return told as unknown as Docker.ContainerInspectInfo
}

const IMAGE = {
  Env: ['PATH=/old/bin', 'TZ=UTC'],
  Cmd: ['etcd'],
  Entrypoint: ['tini', '--'],
  User: 'etcd',
  WorkingDir: '/',
  Labels: { maker: 'image' },
  Volumes: { '/scratch': {} },
}

test('what the container has of its own is kept, what it had from its old image is not', () => {
  const { create } = recipeOf(inspected(), IMAGE, 'sha256:new')
  expect(create).toMatchObject({
    Image: 'howdah/etcd:trixie',
    Hostname: 'etcd2',
    Env: ['ETCD_NAME=etcd2'],
    Labels: { 'com.docker.compose.service': 'etcd2', 'com.docker.compose.image': 'sha256:new' },
    ExposedPorts: { '2379/tcp': {} },
    Healthcheck: { Test: ['CMD', 'etcdctl'] },
    StopTimeout: 3,
  })
  for (const field of ['Cmd', 'Entrypoint', 'User', 'WorkingDir']) expect(create).not.toHaveProperty(field)
  expect(create.Labels).not.toHaveProperty('maker')
})

test('a command of its own is kept, and with an entrypoint of its own any command', () => {
  expect(recipeOf(inspected({ Cmd: ['other'] }), IMAGE, 'new').create).toMatchObject({ Cmd: ['other'] })
  const { create } = recipeOf(inspected({ Entrypoint: ['sh'] }), IMAGE, 'new')
  expect(create).toMatchObject({ Entrypoint: ['sh'], Cmd: ['etcd'] })
})

test("a host name that is Docker's own is left to Docker", () => {
  expect(recipeOf(inspected({ Hostname: ID.slice(0, 12) }), IMAGE, 'new').create).not.toHaveProperty('Hostname')
})

test('volumes stay, those without a name too; networks with their addresses and names', () => {
  const { create, furtherNetworks } = recipeOf(inspected(), IMAGE, 'new')
  expect(create.HostConfig).toMatchObject({
    Binds: ['stack_etcd2_data:/var/lib/etcd:rw', 'f00d:/scratch'],
    RestartPolicy: { Name: 'unless-stopped' },
  })
  expect(create.NetworkingConfig?.EndpointsConfig).toEqual({
    patroni: { Aliases: ['etcd2'], IPAMConfig: { IPv4Address: '172.20.0.9' }, Links: null },
  })
  expect(furtherNetworks.map(([network]) => network)).toEqual(['control'])
})
