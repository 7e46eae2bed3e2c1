/** Lists and objects within each other that may be sent. Python's own JSON reader ends near 1000. */
export const MAX_DEPTH = 500;

/** What is read may lie a few levels deeper: a result inside its meta, arguments inside a body. */
export const MAX_READ_DEPTH = MAX_DEPTH + 12;

/** Python refuses to read longer integers. */
export const MAX_DIGITS = 4300;
