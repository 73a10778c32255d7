import { runCli } from './cli.ts'
import { exitCodes } from './errors.ts'
import { removeDrafts } from './files/drafts.ts'

// The process side of the command: streams, colours, signals, the exit code. All else is in runCli.
const stop = new AbortController()

/** How often we were asked to stop: by signals of our own, and by those that bin/tweedie.js passes on. */
const asked = { here: 0, byLauncher: 0 }
function stopAsked(from: keyof typeof asked): void {
  asked[from]++
  // Ctrl-C reaches us and the launcher, so that one press is told twice.
  if (Math.max(asked.here, asked.byLauncher) > 1) process.exit(exitCodes.interrupted) // the second time, at once
  stop.abort()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopAsked('here'))
if (process.send !== undefined) {
  process.on('message', (message) => message === 'stop' && stopAsked('byLauncher'))
  process.on('disconnect', () => stop.abort()) // the launcher was killed
  process.channel?.unref()
}

process.on('exit', removeDrafts)

/** A stream that nobody reads any more ends the command quietly; one that cannot be written fails it. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done) // `tweedie methods | head`
    if (stream === process.stdout && error.code !== 'EIO')
      process.stderr.write(`tweedie: the standard output cannot be written: ${error.message}\n`)
    process.exit(exitCodes.failed)
  })
}

const { NO_COLOR: plain, FORCE_COLOR: forced, COLUMNS: columns } = process.env
const isForced = forced !== undefined && forced !== '' && forced !== '0'

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  color: !plain && (isForced || process.stdout.isTTY === true),
  columns: process.stdout.columns ?? (Number(columns) || undefined),
  signal: stop.signal,
})
