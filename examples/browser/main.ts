// The page: starts the worker and draws what it tells. Settings are in the address: ?digit=3&steps=20&backend=webgl2
import type { Message, Request } from './messages.ts'

const asked = new URLSearchParams(location.search)
const backend = asked.get('backend')
const request: Request = {
  digit: asked.get('digit') ?? '3',
  steps: Number(asked.get('steps') ?? 20),
  device: asked.get('device') === 'wasm' ? 'wasm' : 'gpu',
  backend: backend === 'webgpu' || backend === 'webgl2' ? backend : undefined,
}

function say(id: string, text: string): void {
  const place = document.getElementById(id)
  if (place !== null) place.textContent = text
}

/** Draws 28×28 numbers, −1 black and 1 white. */
function draw(id: string, values: ArrayLike<number>): void {
  const canvas = document.getElementById(id)
  if (!(canvas instanceof HTMLCanvasElement)) return
  const pixels = new ImageData(28, 28)
  for (let i = 0; i < 784; i++) {
    const shade = 127.5 * ((values[i] ?? 0) + 1)
    pixels.data.set([shade, shade, shade, 255], 4 * i)
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
worker.onmessage = ({ data }: MessageEvent<Message>) => {
  switch (data.kind) {
    case 'device':
      return say('device', data.text)
    case 'problem':
      draw('truth', data.truth)
      return draw('measurement', data.measurement)
    case 'step':
      draw('restored', data.guess)
      return say('progress', `Step ${data.i + 1} of ${data.steps}`)
    case 'done':
      draw('restored', data.restored)
      return say('progress', `PSNR ${data.before.toFixed(2)} dB before, ${data.after.toFixed(2)} dB after`)
    case 'failed':
      return say('progress', data.why)
  }
}
worker.onerror = ({ message }) => say('progress', `The worker failed: ${message}`)
worker.postMessage(request)
