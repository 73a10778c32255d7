import { writeSync } from 'node:fs'
import { hostileFiles } from './hostile.test.helper.ts'
import { openCheckpoint } from './open.ts'

// Run by a process of its own with a small heap: opens every hostile file and asks for all its values. Prints
// a line of JSON as each is begun and as it has ended, so that one that ends the process is known. An argument
// picks files by a part of their names.
const [pick = ''] = process.argv.slice(2)
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)
for (const [name, make] of Object.entries(hostileFiles())) {
  if (!name.includes(pick)) continue
  const bytes = make()
  say({ begun: name })
  const start = performance.now()
  let error: Error | undefined
  try {
    const source = openCheckpoint(bytes, name)
    for (const entry of source.entries) source.values(entry.name)
  } catch (thrown) {
    error = thrown as Error
  }
  const milliseconds = performance.now() - start
  say({ ended: name, error: error?.name, message: error?.message.slice(0, 300), milliseconds })
}
