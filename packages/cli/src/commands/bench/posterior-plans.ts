import type { AskedSuites, Plan } from '@tweedie/calibration'
import { plans as plansOf } from '@tweedie/calibration'
import { allSuites } from '@tweedie/calibration/node'
import { resolveMethod } from '../../resolve.ts'

/** What threads are told. */
export interface PlanData extends AskedSuites {
  /** Where paths of modules start from. */
  readonly cwd: string
}

/** The plans of suites, with methods of the registry and the user's own. */
export const plans = ({ cwd, ...asked }: PlanData): Promise<readonly Plan[]> =>
  plansOf(asked, (text) => resolveMethod({ cwd }, text, '--methods'), allSuites)
