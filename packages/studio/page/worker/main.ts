import { expose } from 'comlink'
import { sandboxName } from '../rooms/code/messages.ts'
import { engine } from './engine.ts'

// The same file serves both kinds of workers, so that the page has its engine once.
if (self.name === sandboxName) (await import('../rooms/code/sandbox-worker.ts')).openForText()
else expose(engine)
