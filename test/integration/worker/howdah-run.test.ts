import { afterAll, beforeAll, expect, it } from 'vitest'
import { startContainer, type TestContainer } from '../clients/test-container.ts'

/** Looks at 4,000 processes while they end; an error of a look ends it. Prints how many had ended when they were looked at. */
const LOOK = `
import importlib.machinery, importlib.util, os, threading
loader = importlib.machinery.SourceFileLoader('howdah_run', '/usr/local/bin/howdah-run')
howdah_run = importlib.util.module_from_spec(importlib.util.spec_from_loader('howdah_run', loader))
loader.exec_module(howdah_run)
gone = 0
for _ in range(200):
    children = []
    for _ in range(20):
        child = os.fork()
        if child == 0:
            os._exit(0)
        children.append(child)
    reaper = threading.Thread(target=lambda: [os.waitpid(child, 0) for child in children])
    reaper.start()
    while reaper.is_alive():
        gone += sum(howdah_run.process(child) is None for child in children)
    reaper.join()
print(gone)`

let barman: TestContainer
beforeAll(async () => {
  barman = await startContainer({ image: 'barman', entrypoint: 'sleep', command: ['infinity'] })
})
afterAll(() => barman?.remove())

it('takes a process that ends while it is looked at for one that has ended', async () => {
  expect(Number(await barman.exec('python3', '-c', LOOK))).toBeGreaterThan(0)
})
