/** Named exports, one line each. */
export {};
