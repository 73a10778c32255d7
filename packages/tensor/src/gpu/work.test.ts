import { expect, test } from 'vitest'
import { DeviceError } from '../errors.ts'
import { GpuBuffer } from './buffer.ts'
import { WorkQueue } from './work.ts'

// Pieces of work in the order in which they were asked for.

/** Resolves in as many microtasks. */
const after = async <T>(turns: number, value: T): Promise<T> => {
  for (let i = 0; i < turns; i++) await undefined
  return value
}

test('on a backend that answers by promises a piece begins when the one before is done', async () => {
  const queue = new WorkQueue('webgpu', true)
  const told: string[] = []
  const piece = (name: string, turns: number) => async () => {
    told.push(`${name} begins`)
    await after(turns, 0)
    told.push(`${name} ends`)
    return name
  }
  const results = [queue.do('long', piece('long', 20)), queue.do('short', piece('short', 1))]
  expect(told).toEqual([])
  expect(await Promise.all(results)).toEqual(['long', 'short'])
  expect(told).toEqual(['long begins', 'long ends', 'short begins', 'short ends'])
})

test('a buffer is filled before what comes next looks at it', async () => {
  const queue = new WorkQueue('webgpu', true)
  const buffer = new GpuBuffer(1)
  const made = Float32Array.of(7)
  queue.fill(buffer, 'add', () => after(5, made))
  expect(await queue.do('read', () => buffer.handle)).toBe(made)
})

test('a failure stays in its buffer, named, and what comes next is done all the same', async () => {
  const queue = new WorkQueue('webgpu', true)
  const buffer = new GpuBuffer(1)
  queue.fill(buffer, 'add', () => Promise.reject(new RangeError('no memory')))
  expect(await queue.do('next', () => 3)).toBe(3)
  expect(buffer.handle).toBeUndefined()
  expect(buffer.error).toEqual(new DeviceError('gpu (webgpu): add: no memory'))
  await expect(queue.do('read', () => Promise.reject(new TypeError('gone')))).rejects.toThrow(
    'gpu (webgpu): read: gone',
  )
  expect(await queue.do('next', () => 4)).toBe(4)
})

test('on one that answers at once it is done at once, and its failures too', () => {
  const queue = new WorkQueue('cpu', false)
  expect(queue.do('read', () => 3)).toBe(3)
  const failing = () => {
    throw new RangeError('no memory')
  }
  expect(() => queue.do('read', failing)).toThrow(new DeviceError('gpu (cpu): read: no memory'))
  const buffer = new GpuBuffer(1)
  queue.fill(buffer, 'add', failing)
  expect(buffer.error).toEqual(new DeviceError('gpu (cpu): add: no memory'))
})

test('an error that says already what it is goes on as it is', () => {
  const known = new DeviceError('gpu: of a kernel before')
  const failing = () => {
    throw known
  }
  expect(() => new WorkQueue('cpu', false).do('read', failing)).toThrow(known)
})

test('buffers in a row: what follows each is done before the next, and what fails in it stops no later piece', async () => {
  const queue = new WorkQueue('webgpu', true)
  const buffers = [new GpuBuffer(1), new GpuBuffer(1)]
  const told: string[] = []
  queue.fillAll(
    buffers.map((target, i) => ({
      ...{ target, what: 'add' },
      job: () => {
        told.push(`job ${i}`)
        return after(3, Float32Array.of(i))
      },
      after: () => {
        told.push(`after ${i}`)
        if (i === 1) throw new Error('the device is gone')
      },
    })),
  )
  expect(await queue.do('read', () => buffers.map(({ handle }) => handle))).toEqual([
    Float32Array.of(0),
    Float32Array.of(1),
  ])
  expect(told).toEqual(['job 0', 'after 0', 'job 1', 'after 1'])
})
