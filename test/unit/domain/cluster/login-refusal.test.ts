import { expect, test } from 'vitest'
import { classifyLogin } from '../../../../src/clients/postgres/classify-login.ts'
import { LoginRefusedError } from '../../../../src/domain/cluster/login-refusal.ts'

test('a refused login names the role, the reason and the remedy, and quotes a name that needs it', () => {
  const denied = { code: '42501', message: 'permission denied for database "postgres"' }
  const refusal = classifyLogin(denied, `it's "odd"`)
  if (refusal === null) throw new Error('it is a refusal')
  const error = new LoginRefusedError('PostgreSQL db2', refusal)
  expect(error.message).toBe(
    `PostgreSQL db2 does not let role it's "odd" log in: permission denied for database "postgres" (SQLSTATE 42501)`,
  )
  expect(error.remedy).toContain(`-c 'GRANT CONNECT ON DATABASE postgres TO "it'\\''s ""odd"""'`)
})
