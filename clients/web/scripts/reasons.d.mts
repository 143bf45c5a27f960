export declare const TARGET: URL;
export declare function reasonsModule(): string;
