// What a worker finds when it starts.

/** The environment variable that has the number of a worker. */
export const workerVariable = 'FOREBAY_WORKER';
/** The descriptor that frames for the page are written to. */
export const relayDescriptor = 4;
