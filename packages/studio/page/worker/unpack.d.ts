/** What a deflated file holds. @throws {TypeError} where it is damaged. */
export declare const inflated: (packed: ReadableStream<Uint8Array<ArrayBuffer>>) => Response
/** Weights as `packPlanes` of `src/serve` packed them. @throws {TypeError} where they are damaged. */
export declare function unpackPlanes(
  packed: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>>
