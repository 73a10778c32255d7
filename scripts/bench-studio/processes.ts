import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of a second, as Linux has told programs for thirty years. */
const ticks = 100

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it has ended meanwhile
  }
}

/** The fields of a `stat` file from the state on; the name before may hold anything. */
const fieldsOf = (path: string): string[] => {
  const text = read(path)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Processes that this one has started, and theirs. */
function descendants(): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(all.map((id) => [id, fieldsOf(`/proc/${id}/stat`)[1] ?? '']))
  const isOurs = (id: string | undefined): boolean =>
    id !== undefined && (id === String(process.pid) || isOurs(parents.get(id)))
  return all.filter((id) => id !== String(process.pid) && isOurs(id))
}

/** What a thread does, by its name and by what kind of process it is in. */
function kindOf(name: string, process: string): string {
  if (/^DedicatedWorker/.test(name)) return 'engine'
  if (process === 'renderer' && /^(chrom|CrRendererMain)/.test(name)) return 'page'
  return process === 'gpu-process' || /^(Compositor|Raster)/.test(name) ? 'painting' : 'rest'
}

/** Seconds of processors that threads of the processes below this one have used, by kind; empty where there is no /proc. */
export function processorSeconds(): Readonly<Record<string, number>> {
  if (process.platform !== 'linux') return {}
  const spent: Record<string, number> = {}
  for (const id of descendants()) {
    const folder = `/proc/${id}/task`
    const type = /--type=([\w-]+)/.exec(read(`/proc/${id}/cmdline`))?.[1] ?? 'browser'
    for (const task of list(folder)) {
      const kind = kindOf(read(`${folder}/${task}/comm`).trim(), type)
      const fields = fieldsOf(`${folder}/${task}/stat`)
      const seconds = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticks
      spent[kind] = (spent[kind] ?? 0) + (Number.isFinite(seconds) ? seconds : 0)
    }
  }
  return spent
}

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
