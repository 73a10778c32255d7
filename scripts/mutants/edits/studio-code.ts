import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const room = editsOf('packages/studio/page/rooms/code')

const compiled = room('compile.ts', 'compile')
const modules = room('modules.ts', 'compile')
const packed = room('packed.ts', 'compile')
const faults = room('faults.ts', 'compile')
const messages = room('messages.ts', 'messages')
const grounds = room('grounds.ts', 'messages')

/** The code room of the Studio: a text compiled, its imports, the text in an address, what a sandbox may say. */
export const studioCodeEdits: readonly Edit[] = [
  compiled(
    'studio-code-column',
    '(loc?.column ?? 0) + 1 - firstColumn',
    '(loc?.column ?? 0) + 1',
    'columns of syntax errors are off by one',
  ),
  compiled(
    'studio-code-lines',
    "replace(/[^\\n]/g, ' ')",
    "replace(/./gs, ' ')",
    'an import that is taken out takes its lines along, so that later errors point elsewhere',
  ),
  compiled(
    'studio-code-renamed',
    'quoted(name)}: ',
    'quoted(local)}: ',
    'an import under another name is bound to the wrong one',
  ),
  modules(
    'studio-code-above',
    'if (folders.pop() === undefined) return undefined',
    'folders.pop()',
    'an import may point above the folder of the solvers',
  ),
  modules(
    'studio-code-own',
    'Object.hasOwn(register, name) ? register[name] : undefined',
    'register[name]',
    'what every object has counts as a module',
  ),
  packed(
    'studio-code-unbounded',
    'if (total > most.bytes) throw',
    'if (total > 1e9) throw',
    'a link may unfold to any size',
  ),
  packed(
    'studio-code-letters',
    "c === '-' ? '+' : '/'",
    "c === '-' ? '/' : '+'",
    'two letters of a packed text are read as each other',
  ),
  faults(
    'studio-code-nth',
    'places.length === 1 ? places[0] : undefined',
    'places[0]',
    'a fault is planted where its text is no longer unique',
  ),
  grounds(
    'studio-code-population',
    "value['weights'].length === count &&",
    '',
    'a sandbox may send fewer weights than particles',
  ),
  grounds(
    'studio-code-pictures',
    'reduce((product: number, size: number) => product * size, 1)',
    'length',
    'a sandbox may send pictures of another size than they are said to have',
  ),
  grounds('studio-code-size', '&& size > 0', '', 'a sandbox may send pictures with sides below nothing'),
  messages('studio-code-failure', '.slice(0, 1000)', '', 'a sandbox may fill the page with its words'),
]
