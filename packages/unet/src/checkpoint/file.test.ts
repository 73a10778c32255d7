import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileFormatError, fromData, tensor } from '@tweedie/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { crc32 } from './crc32.ts'
import { readJson, readParams, readSafetensors, saveSafetensors, writeAtomically } from './file.ts'
import { writeNpy, writeNpz } from './npy-write.ts'
import { fileSource, readRegularFile } from './regular-file.ts'
import { zipOf } from './zip-writer.test.helper.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)

/** A file that is zeros but for some places, and takes no more room on the disk than those. */
function sparse(name: string, places: readonly (readonly [offset: number, bytes: Uint8Array])[]): string {
  const file = openSync(at(name), 'w')
  for (const [offset, bytes] of places) writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
  return at(name)
}

const latin = (text: string) => Buffer.from(text, 'latin1')
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const large = 2 ** 31 + 6

describe('files beyond 2 GiB', () => {
  test('safetensors: the list, and a tensor at the end', () => {
    const header = JSON.stringify({
      large: { dtype: 'I8', shape: [large], data_offsets: [0, large] },
      small: { dtype: 'F32', shape: [2], data_offsets: [large, large + 8] },
    })
    const start = new Uint8Array(8 + header.length)
    new DataView(start.buffer).setUint32(0, header.length, true)
    start.set(new TextEncoder().encode(header), 8)
    const path = sparse('large.safetensors', [
      [0, start],
      [start.length + large, floats(1.5, -2)],
    ])
    for (const file of [readSafetensors(path), readParams(path)]) {
      expect(file.entries.map(({ name, shape }) => [name, shape])).toEqual([
        ['large', [large]],
        ['small', [2]],
      ])
      expect(file.values('small')).toEqual(Float32Array.of(1.5, -2))
    }
  })

  test.each(['torch', 'npz'])('%s: the list, and an array at the end', (format) => {
    // The small files of an archive, moved behind a member of more than 2 GiB.
    const text = (s: string) => `X${String.fromCharCode(s.length)}\0\0\0${s}`
    const pickle = `\x80\x02}${text('w')}ctorch._utils\n_rebuild_tensor_v2\n((${text('storage')}ctorch\nFloatStorage\n${text('1')}${text('cpu')}K\x02tQK\0K\x02\x85K\x01\x85\x89}tRs.`
    const small: Record<string, Uint8Array> =
      format === 'torch'
        ? { 'm/data.pkl': Buffer.from(pickle, 'latin1'), 'm/data/1': floats(1.5, -2) }
        : { 'w.npy': writeNpy({ shape: [2], values: Float32Array.of(1.5, -2) }) }
    const name = format === 'torch' ? 'm/data/0' : 'large.npy'
    const header = Buffer.from(
      `\x93NUMPY\x01\0v\0{'descr': '|i1', 'fortran_order': False, 'shape': (${large},), }`.padEnd(128),
      'latin1',
    )
    const first = zipOf({ [name]: new Uint8Array(0) })
    const rest = zipOf(small)
    const localLength = 30 + name.length
    const size = large + 128
    const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset)
    const [local, entry] = [first.slice(0, localLength), first.slice(localLength, -22)]
    for (const field of [18, 22]) view(local).setUint32(field, size, true)
    for (const field of [20, 24]) view(entry).setUint32(field, size, true)
    const shift = localLength + size
    const directoryStart = view(rest).getUint32(rest.length - 6, true)
    const directory = rest.slice(directoryStart, -22)
    for (let place = 0; place < directory.length; place += 46 + view(directory).getUint16(place + 28, true))
      view(directory).setUint32(place + 42, view(directory).getUint32(place + 42, true) + shift, true)
    const end = rest.slice(-22)
    const count = Object.keys(small).length + 1
    for (const field of [8, 10]) view(end).setUint16(field, count, true)
    view(end).setUint32(12, directory.length + entry.length, true)
    view(end).setUint32(16, directoryStart + shift, true)
    const path = sparse(`large-${format}`, [
      [0, local],
      [localLength, header],
      [shift, rest.slice(0, directoryStart)],
      [shift + directoryStart, Buffer.concat([entry, directory, end])],
    ])
    const file = readParams(path)
    expect(file.format).toBe(format)
    expect(file.entries.at(-1)).toMatchObject({ name: 'w', shape: [2] })
    expect(file.values('w')).toEqual(Float32Array.of(1.5, -2))
  })
})

describe('regular files', () => {
  test('of others it is said what they are, and nothing waits', () => {
    mkdirSync(at('folder'))
    expect(() => fileSource(at('folder'))).toThrow('is a folder')
    expect(() => fileSource(at('none'), 'none')).toThrow(/^none: no such file or folder$/)
    expect(() => readJson(at('none'))).toThrow('none: cannot be read: no such file or folder')
    if (process.platform === 'win32') return
    execFileSync('mkfifo', [at('fifo')])
    symlinkSync('/dev/zero', at('zero'))
    for (const name of ['fifo', 'zero'])
      for (const read of [
        fileSource,
        readSafetensors,
        readParams,
        (path: string) => readRegularFile(path, 10),
      ]) {
        expect(() => read(at(name))).toThrow(FileFormatError)
        expect(() => read(at(name))).toThrow('is not a regular file')
      }
  })

  test('are read up to a bound', () => {
    writeFileSync(at('five'), 'abcde')
    expect(Buffer.from(readRegularFile(at('five'), 5)).toString()).toBe('abcde')
    expect(() => readRegularFile(at('five'), 4)).toThrow('has 5 bytes; at most 4 are read')
  })

  test('that change between two reads are noticed', () => {
    saveSafetensors(at('changes'), { w: tensor([1, 2]) })
    const file = readSafetensors(at('changes'))
    expect(file.values('w')).toEqual(Float32Array.of(1, 2))
    saveSafetensors(at('changes'), { w: tensor([3, 4]) })
    expect(() => file.values('w')).toThrow('was changed while it was being read')
  })

  test('are told by their content, whatever their name', () => {
    const values = Float32Array.of(1)
    writeFileSync(at('a.safetensors'), writeNpz({ w: { shape: [1], values } }))
    expect(readParams(at('a.safetensors'))).toMatchObject({ format: 'npz', entries: [{ name: 'w' }] })
    writeFileSync(at('b.pt'), writeNpy({ shape: [1], values }))
    expect(() => readParams(at('b.pt'))).toThrow('is a .npy file')
    writeFileSync(at('c.npz'), zipOf({ 'readme.txt': Buffer.from('hello') }))
    expect(() => readParams(at('c.npz'))).toThrow('a zip archive of neither torch')
  })

  test.each<[string, string | Buffer, string]>([
    ['a pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n', 'a git-lfs pointer'],
    ['a page', '<!DOCTYPE html>\n<html>', 'an HTML page'],
    ['a page in capitals', '  <HTML><BODY>', 'an HTML page'],
    ['an XML error', '<?xml version="1.0"?><Error/>', 'an XML document'],
    ['JSON', '{"error": "not found"}', 'a JSON file'],
    ['text', 'Entry not found', 'a text file'],
    ['nothing', '', 'the file is empty'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 'compressed by gzip'],
    [
      'tar',
      Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\x0000'), Buffer.alloc(248)]),
      'a tar archive',
    ],
    [
      'a legacy pickle',
      Buffer.from('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.', 'latin1'),
      'legacy torch pickle',
    ],
    ['a pickle', Buffer.from('\x80\x04}\x94.....', 'latin1'), 'a Python pickle'],
    ['a pickle of protocol 0', "(dp0\nS'a'\np1\nI1\ns.", 'a Python pickle'],
    ['HDF5', latin('\x89HDF\r\n\x1a\n'), 'an HDF5 file'],
    ['MATLAB', 'MATLAB 5.0 MAT-file, Platform: GLNXA64', 'a file of MATLAB'],
    ['GGUF', latin('GGUF\x03\0\0\0\0\0'), 'a GGUF file of quantized weights (take the safetensors'],
    ['ONNX', latin('\x08\x08\x12\x07pytorch\x1a\x052.1.0'), 'an ONNX model'],
    ['SavedModel', latin('\x08\x01\x12\xb4\xa1\x02\x0a\x8c'), 'a TensorFlow SavedModel'],
    [
      'TensorFlow index',
      latin(`${'\0'.repeat(60)}\x57\xfb\x80\x8b\x24\x75\x47\xdb`),
      'a TensorFlow checkpoint',
    ],
    ['Flax', latin('\x81\xa6params\x82\xa4conv'), 'a msgpack file, as Flax writes'],
    ['Flax, many', latin('\xde\0\x20\xd9\x21params'), 'a msgpack file, as Flax writes'],
    [
      'torch tar',
      Buffer.concat([latin('storages'.padEnd(257, '\0')), latin('ustar  \0'), Buffer.alloc(300)]),
      'a tar file of an early PyTorch (load it in PyTorch',
    ],
    ['PNG', latin('\x89PNG\r\n\x1a\n'), 'PNG, a picture (restore reads those'],
    ['GIF', latin('GIF89a\x01\0\x01\0'), 'GIF, a picture'],
    ['WebP', latin('RIFF\x10\0\0\0WEBPVP8 '), 'WebP, a picture'],
    ['TIFF', latin('MM\0*\0\0\0\x08'), 'TIFF, a picture'],
    ['AVIF', latin('\0\0\0\x1cftypavif\0\0'), 'AVIF or HEIC, a picture'],
    ['7z', latin('7z\xbc\xaf\x27\x1c\0\x04'), 'a 7z archive (unpack it first)'],
    ['zstd', latin('\x28\xb5\x2f\xfd\0\0\0\0'), 'compressed by zstd'],
  ])('%s', (name, content, message) => {
    for (const ending of ['safetensors', 'pt', 'npz']) {
      const path = at(`${name}.${ending}`)
      writeFileSync(path, content)
      for (const read of [readParams, readSafetensors]) {
        expect(() => read(path)).toThrow(FileFormatError)
        expect(() => read(path)).toThrow(message)
      }
    }
  })
})

describe('writing', () => {
  test('piece by piece', () => {
    writeAtomically(at('pieces'), [Buffer.from('ab'), Buffer.from(''), Buffer.from('c')])
    expect(readFileSync(at('pieces'), 'utf8')).toBe('abc')
  })

  test('what fails half way leaves the old file and no other', () => {
    writeAtomically(at('kept'), 'old')
    function* failing() {
      yield Buffer.from('new')
      throw new Error('half way')
    }
    expect(() => writeAtomically(at('kept'), failing())).toThrow('half way')
    expect(readFileSync(at('kept'), 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('a tensor of many pieces, as float32 and float16', () => {
    const values = Float32Array.from({ length: 2 ** 18 + 3 }, (_, i) => i % 1000)
    for (const dtype of ['float32', 'float16'] as const) {
      saveSafetensors(at('many'), { w: fromData(values, [values.length]), v: tensor([1]) }, { dtype })
      expect(readSafetensors(at('many')).values('w')).toEqual(values)
      expect(readSafetensors(at('many')).values('v')).toEqual(Float32Array.of(1))
      expect(statSync(at('many')).size % 2).toBe(0)
    }
  })
})

test('a checksum by pieces is the checksum of all', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) % 256)
  for (const cut of [0, 1, 7, 8, 9, 500, 1000])
    expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes))
})
