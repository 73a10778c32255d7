import { runCli } from './cli.ts'
import { exitCodes } from './errors.ts'
import { removeDrafts } from './write.ts'

// The process side of the command: streams, colours, signals, the exit code. All else is in runCli.
const stop = new AbortController()
let asked = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (asked) process.exit(exitCodes.interrupted) // the second time, at once
    asked = true
    stop.abort()
  })
}
process.on('exit', removeDrafts)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done) // `tweedie methods | head`
  throw error
})

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  signal: stop.signal,
})
