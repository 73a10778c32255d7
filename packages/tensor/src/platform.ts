/// <reference lib="esnext.disposable" preserve="true" />

// Interfaces of the platform that public types of these packages name. A program whose TypeScript has them (lib "dom",
// @types/node) keeps its own, to which these add nothing; for any other they are there, empty, so that its types check.
declare global {
  interface AbortSignal {}
  interface Blob {}
  interface RequestInit {}
  interface Response {}
  interface URL {}
  namespace NodeJS {
    interface WriteStream {}
  }
  namespace WebAssembly {
    interface Memory {}
  }
}

export {}
