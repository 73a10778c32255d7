import { expose } from 'comlink'
import { sandboxName } from '../rooms/code/messages.ts'
import { openForText } from '../rooms/code/sandbox-worker.ts'
import { engine } from './engine.ts'

// The same script serves both kinds of workers, so that the page has its engine once.
if (self.name === sandboxName) openForText()
// The page spoke into the port before this worker was there.
else
  addEventListener('message', ({ data }: MessageEvent<MessagePort>) => expose(engine, data), { once: true })
