/** A file of weights by its name. */
export interface WeightFile {
  readonly file: string
  /** What stands in for the usual weights, such as `fp16` or `non_ema`; undefined for those themselves. */
  readonly variant?: string
  /** The lower, the sooner it is taken: of the usual names first, safetensors before pickles, one file before shards. */
  readonly rank: number
}

const endings = ['safetensors', 'bin', 'pt', 'pth']
const bases = ['diffusion_pytorch_model', 'model', 'pytorch_model']

/** A training's own state, which is no model. */
const notModel = /^(?:state|optimizer|scheduler|training_args|random_states_\d+|rng_state)\.\w+$/

/** A shard, with the variant before its number or, as older versions of diffusers have it, after it. */
export const isShard = (file: string): boolean =>
  /-\d{5}-of-\d{5}(?:\.[\w-]+)?\.(?:safetensors|bin)$/.test(file)

/** The list of shards, with the variant before `.json` where there is one. */
const indexName = /^(.+)\.(safetensors|bin)\.index(?:\.([\w.-]+))?\.json$/
const singleName = /^(.+?)(?:\.([\w.-]+))?\.(safetensors|bin|pt|pth)$/

export const isIndex = (file: string): boolean => indexName.test(file)

/** What a file of weights is called; undefined for any other file, and for shards, which their list names. */
export function weightFile(file: string): WeightFile | undefined {
  if (notModel.test(file) || isShard(file)) return undefined
  const index = indexName.exec(file)
  const single = index === null ? singleName.exec(file) : null
  const [base = '', ending = '', variant] =
    index !== null ? index.slice(1) : single !== null ? [single[1], single[3], single[2]] : []
  if (base === '') return undefined
  const known = bases.indexOf(base)
  const place = endings.indexOf(ending) * bases.length
  return {
    file,
    rank: 2 * (place + (known < 0 ? endings.length * bases.length : known)) + (index === null ? 0 : 1),
    ...(variant === undefined ? {} : { variant }),
  }
}

/** Whether a file has one of the usual names, in a variant or not. */
export const isUsual = ({ rank }: WeightFile): boolean => rank < 2 * endings.length * bases.length
