import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'

const limit = 150_000

/** Runs modules one after another in one process, so that the packages are loaded once; a hang costs a new one. */
export class ExampleRunner {
  #child: ChildProcess | undefined
  #output = ''
  readonly #cwd: string

  constructor(cwd: string) {
    this.#cwd = cwd
  }

  /** Rejects with what the module threw and printed. */
  async run(path: string): Promise<void> {
    const child = this.#start()
    this.#output = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), limit)
    const died = once(child, 'exit').then(([code, signal]) => {
      this.#child = undefined
      return { error: `the process ended (${signal ?? `code ${code}`}) before the example did` }
    })
    child.send(path)
    const answer = once(child, 'message').then(([message]) => message as { error: string | null })
    const { error } = await Promise.race([answer, died])
    clearTimeout(timer)
    if (error !== null) throw new Error(`${error}\n${this.#output}`.trim())
  }

  close(): void {
    this.#child?.kill()
  }

  #start(): ChildProcess {
    if (this.#child) return this.#child
    const child = fork(join(import.meta.dirname, 'child.ts'), { cwd: this.#cwd, execArgv: [], silent: true })
    child.setMaxListeners(0)
    child.stdout?.on('data', (data: Buffer) => (this.#output += data))
    child.stderr?.on('data', (data: Buffer) => (this.#output += data))
    this.#child = child
    return child
  }
}

/** Runs a module as a program of its own, which must end by itself. */
export async function runAlone(path: string, cwd: string): Promise<void> {
  await promisify(execFile)(process.execPath, [path], { cwd, timeout: limit })
}
