import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { sizeOf } from '@tweedie/tensor'
import { encodeSafetensors, writeNpy, writeNpz } from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { expectWrongUse, ran, temporaryFolder } from '../testing.test.helper.ts'

describe('inspect', () => {
  const bytes = encodeSafetensors(
    {
      'conv_in.weight': { shape: [8, 1, 3, 3], values: new Float32Array(72) },
      'conv_out.weight': { shape: [1, 8, 3, 3], values: new Float32Array(72) },
      'time_embedding.linear_1.weight': { shape: [32, 8], values: new Float32Array(256) },
      'down_blocks.0.resnets.0.conv2.weight': { shape: [8, 8, 1, 1], values: new Float32Array(64) },
    },
    { dtype: 'float16', metadata: { format: 'pt' } },
  )
  const inspecting = async (content: Uint8Array, ...more: string[]) => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'w'), content)
    return await ran(folder.path, ['inspect', 'w', ...more])
  }

  test('names, shapes, types, count and architecture', async () => {
    const { code, out } = await inspecting(bytes)
    expect(code).toBe(0)
    expect(out).toMatch(/conv_in.weight\s+\[8, 1, 3, 3\]\s+F16/)
    expect(out).toContain('4 tensors, 464 parameters')
    expect(out).toContain('ddpm (diffusers UNet2DModel): 1 → 1 channels, widths')
    expect(JSON.parse((await inspecting(bytes, '--json')).out)).toMatchObject({
      parameters: 464,
      metadata: { format: 'pt' },
    })
  })

  test('damaged and foreign files', async () => {
    for (const length of [0, 5, 20, bytes.length - 1]) {
      expectWrongUse(await inspecting(bytes.subarray(0, length)), /^tweedie: w: truncated/)
    }
    for (const [content, message] of [
      ['hello, this is text', 'is a text file, not a safetensors file'],
      ['PK\x03\x04 and so on', 'not a zip archive, or truncated'],
      ['version https://git-lfs.github.com/spec/v1\n', 'is a git-lfs pointer'],
      ['\n<!DOCTYPE html><title>Sign in</title>', 'is an HTML page'],
      ['GGUF\x03\0\0\0', 'is a GGUF file'],
      ['\x80\x02}q\x00.', 'is a Python pickle'],
    ] as const)
      expectWrongUse(await inspecting(Buffer.from(content, 'latin1')), message)
    const broken = Uint8Array.from(bytes)
    broken[9] = 0x7d
    expectWrongUse(await inspecting(broken), 'the header is not JSON')
  })

  test('npz and npy', async () => {
    const values = Float64Array.of(1, 2)
    const npz = await inspecting(writeNpz({ 'conv.bias': { shape: [2], values } }))
    expect(npz).toMatchObject({ code: 0, err: '' })
    expect(npz.out).toMatch(/conv.bias\s+\[2\]\s+F64/)
    expect(npz.out).toContain('npz (NumPy), 1 tensor, 2 parameters')
    const { out } = await inspecting(writeNpy({ shape: [2], values }), '--json')
    expect(JSON.parse(out)).toMatchObject({ format: 'npy', tensors: [{ shape: [2], dtype: 'F64' }] })
  })

  test('a header of 640 bytes, whose length starts like a pickle', async () => {
    const json = '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'.padEnd(640)
    const { code, out } = await inspecting(Buffer.from(`\x80\x02\0\0\0\0\0\0${json}`, 'latin1'))
    expect(code).toBe(0)
    expect(out).toContain('1 tensor, 0 parameters')
  })

  test("a file's text sends nothing to the terminal but letters", async () => {
    const evil = '\u001b[2J\u009b31m\u202e\u200b\r\nx\u{e0041}'
    const strange = encodeSafetensors({ [evil]: { shape: [1], values: [1] } }, { metadata: { [evil]: evil } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/
    const { out } = await inspecting(strange)
    expect(out).toContain('\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{200b}\\u{d}\\u{a}x\\u{e0041}')
    expect(out).not.toMatch(control)
    const json = await inspecting(strange, '--json')
    expect((JSON.parse(json.out) as { metadata: object }).metadata).toEqual({ [evil]: evil })
    expect(json.out).not.toMatch(control)
    expect(json.out).toContain('\\udb40\\udc41')
    const damaged = await inspecting(strange.subarray(0, -1))
    expect(damaged.code).toBe(2)
    expect(damaged.err).not.toMatch(control)
  })

  test('what is no regular file is refused, and nothing hangs', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'folder'))
    expectWrongUse(
      await ran(folder.path, ['inspect', 'folder']),
      'folder: there are no weights: model.safetensors',
    )
    expectWrongUse(await ran(folder.path, ['inspect', 'none']), 'none: no such file or folder')
    if (process.platform === 'win32') return
    symlinkSync('/dev/zero', join(folder.path, 'zero'))
    expectWrongUse(await ran(folder.path, ['inspect', 'zero']), 'zero: is not a regular file')
    execFileSync('mkfifo', [join(folder.path, 'fifo')])
    expectWrongUse(await ran(folder.path, ['inspect', 'fifo']), 'fifo: is not a regular file')
  })

  test('a file beyond 2 GiB: only its header is read', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'large.safetensors')
    const count = 2 ** 30 + 5
    const header = `{"w":{"dtype":"F16","shape":[${count}],"data_offsets":[0,${2 * count}]}}`
    const start = Buffer.from(`01234567${header}`, 'latin1')
    start.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(path, start)
    truncateSync(path, start.length + 2 * count)
    const { code, out } = await ran(folder.path, ['inspect', 'large.safetensors', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ parameters: count, bytes: start.length + 2 * count })
  })

  const network = (prefix: string) => {
    const shapes = {
      'conv_in.weight': [8, 1, 3, 3],
      'conv_out.weight': [1, 8, 3, 3],
      'time_embedding.linear_1.weight': [32, 8],
    }
    return Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        prefix + name,
        { shape, values: new Float32Array(sizeOf(shape)) },
      ]),
    )
  }

  test('which weights would be taken, and those of a key alone', async () => {
    const both = encodeSafetensors({ ...network('model.'), ...network('ema.') })
    const { out } = await inspecting(both)
    expect(out).toContain('6 tensors')
    expect(out).toContain('architecture: ddpm (diffusers UNet2DModel): 1 → 1 channels, widths')
    expect(out).toContain(
      "weights: the weights under the key 'ema' are taken: the moving average (EMA); there are also 'model'",
    )
    const ema = JSON.parse((await inspecting(both, '--json', '--key', 'ema')).out)
    expect(ema.tensors.map(({ name }: { name: string }) => name)).toEqual(Object.keys(network('')))
    expect(ema).toMatchObject({ notes: [], architecture: expect.stringContaining('ddpm') })
    expectWrongUse(
      await inspecting(both, '--key', 'net'),
      "w: holds nothing under the key 'net'; there are 'model' (3 tensors), 'ema' (3 tensors)",
    )
    expectWrongUse(
      await inspecting(encodeSafetensors(network(''), {}), '--key', 'x'),
      "there are 'conv_in' (1 tensors)",
    )
    const two = await inspecting(encodeSafetensors({ ...network('a.'), ...network('b.') }))
    expect(two).toMatchObject({
      code: 0,
      out: expect.stringContaining("weights: holds 2 sets of weights, under 'a', 'b'; give the key"),
    })
    const optimiser = encodeSafetensors({
      'state.0.exp_avg': { shape: [1], values: [1] },
      'state.0.step': { shape: [1], values: [1] },
    })
    expect((await inspecting(optimiser)).out).toContain('weights: is the file of an optimiser')
  })

  test('a folder with weights, and an index of shards', async () => {
    using folder = temporaryFolder()
    const at = (name: string) => join(folder.path, name)
    mkdirSync(at('m'))
    writeFileSync(at('m/model.safetensors'), bytes)
    expect((await ran(folder.path, ['inspect', 'm'])).out).toContain('m: safetensors, 4 tensors')
    mkdirSync(at('s'))
    const parts = Object.entries(network(''))
    const map = Object.fromEntries(
      parts.map(([name], i) => [name, `model-0000${i + 1}-of-00003.safetensors`]),
    )
    for (const [name, array] of parts)
      writeFileSync(at(`s/${map[name]}`), encodeSafetensors({ [name]: array }))
    writeFileSync(at('s/model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
    for (const path of ['s', 's/model.safetensors.index.json']) {
      const { out } = await ran(folder.path, ['inspect', path])
      expect(out).toContain('shards of safetensors or torch, 3 tensors')
      expect(out).toContain('ddpm (diffusers UNet2DModel)')
    }
  })

  test('an address: its headers alone are fetched', async () => {
    const asked: (string | undefined)[] = []
    const large = encodeSafetensors({
      ...network('model.'),
      big: { shape: [1e6], values: new Float32Array(1e6) },
    })
    const server = createServer((request, response) => {
      asked.push(request.headers.range)
      if (request.url !== '/w.safetensors') return void response.writeHead(404).end()
      response
        .writeHead(206, { 'content-range': `bytes 0-65535/${large.length}` })
        .end(large.subarray(0, 65536))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    try {
      const address = server.address()
      const root = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
      const { code, out, err } = await ran('.', ['inspect', `${root}/w.safetensors`])
      expect([code, err, asked]).toEqual([0, '', ['bytes=0-65535']])
      expect(out).toContain(`${root}/w.safetensors: safetensors, 4 tensors, 1,000,400 parameters`)
      expect((await ran('.', ['inspect', `${root}/w.safetensors`, '--key', 'model'])).out).toContain(
        '3 tensors',
      )
      expectWrongUse(await ran('.', ['inspect', `${root}/none`]), `${root}/none: cannot be fetched: HTTP 404`)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
