import config from '@tweedie/unet/priors/photos/config.json?url'
import weights from '@tweedie/unet/priors/photos/model.safetensors?url'
import record from '@tweedie/unet/priors/photos/record.json?url'
import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import { createEffect, createSignal, on, onCleanup } from 'solid-js'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { PhotoPrior, PriorSource } from './engine/photo-priors.ts'
import type { PhotoOf } from './engine/problem.ts'
import type { DigitsValues } from './fields.ts'
import sample from './photo.png?url'
import { photoOfFile } from './photo-file.ts'

/** Pictures of another prior than that of the digits: what is loaded, and which picture is looked at. */
export interface Photos {
  /** Of the loaded prior; undefined while there is none. */
  readonly prior: Accessor<PhotoPrior | undefined>
  /** How much of it is fetched, 0 … 1; undefined while none is. */
  readonly progress: Accessor<number | undefined>
  /** Why there is no prior or no picture, in words. */
  readonly trouble: Accessor<string | undefined>
  /** The picture as the prior sees it. */
  readonly photo: Accessor<PhotoOf | undefined>
  /** Takes a picture, or the files of a prior. */
  take(files: readonly File[]): void
  /** Fetches the shipped prior (again). */
  fetchShipped(): void
  /** Ends the fetching. */
  stop(): void
}

/** Where the shipped prior lies, on hosts that have it. */
const shipped: PriorSource = { config, record, weights }

/** What to do where it is not. */
const elsewhere =
  "This host has no prior of photographs. 'npx tweedie studio' serves it; or open its three files here, from priors/photos of @tweedie/unet."

export function createPhotos(values: DigitsValues): Photos {
  const [prior, setPrior] = createSignal<{ readonly facts: PhotoPrior; readonly number: number }>()
  const [progress, setProgress] = createSignal<number>()
  const [trouble, setTrouble] = createSignal<string>()
  const [photo, setPhoto] = createSignal<PhotoOf>()
  const [file, setFile] = createSignal<Blob>()
  let loading: Running<PhotoPrior> | undefined
  let [priors, pictures] = [0, 0]

  async function load(source: PriorSource): Promise<void> {
    loading?.stop()
    setTrouble(undefined)
    setProgress(0)
    const mine = startRun<PhotoPrior>((run) =>
      engine.digits.openPrior(
        run,
        source,
        proxy(({ loaded, total }) => {
          if (mine === loading) setProgress(total ? Math.min(1, loaded / total) : 0)
        }),
      ),
    )
    loading = mine
    try {
      const facts = await mine.result
      if (mine === loading) setPrior({ facts, number: ++priors })
    } catch (error) {
      if (mine !== loading) return
      if (wasStopped(error)) setTrouble('The prior was not fetched.')
      else setTrouble(source === shipped ? `${elsewhere} (${inWords(error)})` : inWords(error))
    } finally {
      if (mine === loading) {
        loading = undefined
        setProgress(undefined)
      }
    }
  }

  async function show(
    chosen: Blob | undefined,
    found: ReturnType<typeof prior>,
    side: number,
  ): Promise<void> {
    if (found === undefined) return void setPhoto(undefined)
    const { facts, number } = found
    try {
      const blob = chosen ?? (await (await fetch(sample)).blob())
      const picture = await photoOfFile(blob, side, facts.divisor)
      const mine = ++pictures
      await engine.digits.keepPhoto(mine, picture)
      const { height, width } = picture
      if (mine === pictures)
        setPhoto({ picture: mine, prior: number, channels: facts.channels, height, width })
      setTrouble(undefined)
    } catch (error) {
      setTrouble(inWords(error))
    }
  }

  const fetchShipped = () => void load(shipped)
  createEffect(
    on(
      () => values.prior,
      (which) => {
        if (which === 'photos' && prior() === undefined && loading === undefined) fetchShipped()
      },
    ),
  )
  createEffect(
    on([file, prior, () => values.side], ([chosen, found, side]) => void show(chosen, found, side)),
  )
  onCleanup(() => loading?.stop())
  return {
    prior: () => prior()?.facts,
    progress,
    trouble,
    photo,
    take: (files) => {
      const weights = files.some(({ name }) => /\.safetensors$/i.test(name))
      if (weights || files.some(({ name }) => /\.json$/i.test(name))) void load(files)
      else if (files[0] !== undefined) setFile(files[0])
    },
    fetchShipped,
    stop: () => loading?.stop(),
  }
}
