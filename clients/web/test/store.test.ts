// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { asyncStorageStore, memoryStore, type Store, secureStore, webStore } from '../src/index.js';

/** What a platform's storage does, by whatever names. */
function platform() {
  const values = new Map<string, string>();
  return {
    get: async (key: string) => values.get(key) ?? null,
    set: async (key: string, value: string) => void values.set(key, value),
    remove: async (key: string) => void values.delete(key),
  };
}

function full(): Storage {
  throw new DOMException('no room', 'QuotaExceededError');
}

const stores: Record<string, () => Store> = {
  memory: memoryStore,
  localStorage: () => webStore(),
  'localStorage that is forbidden': () => webStore(full),
  AsyncStorage: () => {
    const { get, set, remove } = platform();
    return asyncStorageStore({ getItem: get, setItem: set, removeItem: remove });
  },
  'expo-secure-store': () => {
    const { get, set, remove } = platform();
    return secureStore({ getItemAsync: get, setItemAsync: set, deleteItemAsync: remove });
  },
};

describe.each(Object.entries(stores))('a store in %s', (_, open) => {
  it('keeps, replaces and forgets', async () => {
    const store = open();
    expect(await store.get('a')).toBeNull();
    await store.set('a', '1');
    await store.set('b', '2');
    await store.set('a', '3');
    expect([await store.get('a'), await store.get('b')]).toEqual(['3', '2']);
    await store.remove('a');
    await store.remove('a');
    expect([await store.get('a'), await store.get('b')]).toEqual([null, '2']);
    await store.remove('b');
  });
});

it('what had no room in localStorage is kept in memory, and hides what is there', async () => {
  localStorage.setItem('a', 'old');
  let isFull = false;
  const store = webStore(() => (isFull ? full() : localStorage));
  isFull = true;
  await store.set('a', 'new');
  isFull = false;
  expect(await store.get('a')).toBe('new');
  await store.remove('a');
  expect(await store.get('a')).toBeNull();
});
