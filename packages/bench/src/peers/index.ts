import type { PeerFactory } from '../engine.ts'
import { tfjsWasm } from './tfjs.ts'

/** The other libraries, in the order of the report. */
export const peers: readonly PeerFactory[] = [tfjsWasm]
