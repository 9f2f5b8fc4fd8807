import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createStepsView, type ViewMode } from '../../../scripts/lib/steps-view.mjs'

function viewOf(mode: ViewMode) {
  let text = ''
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { view: createStepsView({ mode, out }), text: () => text }
}

it('prints one line a step, with its duration and what it says of itself', async () => {
  const { view, text } = viewOf('plain')
  await view.step('Docker', async () => 'runs already')
  await expect(view.step('images', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk')
  expect(text()).toMatch(/^✔ Docker +0\.\d s {2}runs already\n✘ images +0\.\d s {2}failed\n$/)
  expect(view.records).toMatchObject([
    { name: 'Docker', ok: true, detail: 'runs already' },
    { name: 'images', ok: false },
  ])
})

it('answers what the step answers', async () => {
  expect(await viewOf('plain').view.step('secrets', async () => 42)).toBe(42)
})

it('ends as the step says, where it says so', async () => {
  const { view, text } = viewOf('plain')
  await view.step('unit', async (step) => {
    step.tell({ ok: false, detail: 'failed: unit' })
    return 'what was found'
  })
  expect(text()).toMatch(/^✘ unit +0\.\d s {2}failed: unit\n$/)
})

it('redraws what runs on a terminal, and leaves only the finished lines', async () => {
  const { view, text } = viewOf('live')
  view.board(['db1 running'])
  await view.step('cluster', async (step) => {
    step.note('waiting for a leader')
    await new Promise((resolve) => setTimeout(resolve, 250))
  })
  expect(text()).toContain('waiting for a leader')
  expect(text()).toContain('db1 running')
  expect(text().split('\x1b[J').at(-1)).toMatch(/^✔ cluster/)
})
