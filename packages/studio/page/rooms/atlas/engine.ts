import { transfer } from 'comlink'
import { engineMemory } from '../../worker/facts.ts'
import { stoppable } from '../../worker/runs.ts'
import { groundOf } from '../digits/engine/assets.ts'
import { digitsEngine } from '../digits/engine.ts'
import { planeEngine } from '../plane/engine.ts'
import type { CellRequest } from './cells.ts'
import type { CalibrationRequest, Standing } from './engine/calibration.ts'
import { calibrate, forgetCells } from './engine/calibration.ts'
import type { CellResult } from './engine/cell.ts'
import { digitsCell, planeCell } from './engine/cell.ts'

/** What the atlas asks of the engine. */
export const atlasEngine = {
  /** Runs one cell of a map. */
  cell: (run: number, asked: CellRequest): Promise<CellResult> =>
    stoppable(run, async (signal) => {
      const result =
        asked.on === 'digits'
          ? await digitsCell(asked.request, await groundOf(), signal)
          : await planeCell(asked.request, signal)
      return transfer(result, [result.x.buffer])
    }),

  /** Watches the calibration of methods; how they stand comes after every case. */
  calibrate: (
    run: number,
    request: CalibrationRequest,
    onCase: (standings: readonly Standing[]) => Promise<void>,
  ): Promise<void> => stoppable(run, (signal) => calibrate(request, signal, onCase)),

  /** Frees what was kept; the room calls it when it is left. */
  async close(): Promise<number> {
    forgetCells()
    planeEngine.close()
    await digitsEngine.close()
    return engineMemory().tensors
  },
}
