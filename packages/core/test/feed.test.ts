import { Feed } from '../src/feed.ts';

/** What a watcher sees until the text `end`. */
async function seen(feed: Feed): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of feed.read()) {
    if (text === 'end') break;
    texts.push(text);
  }
  return texts;
}

function asked(): Feed {
  const feed = new Feed();
  feed.hold();
  return feed;
}

test('the present state comes before news, however early these are heard', async () => {
  const feed = asked();
  feed.hear('b');
  feed.present('a');
  feed.hear('end');
  expect(await seen(feed)).toEqual(['a', 'b']);
});

test('news that the present state has in it already are passed over', async () => {
  const feed = asked();
  for (const text of ['a', 'b', 'c']) feed.hear(text);
  feed.present('b');
  feed.hear('end');
  expect(await seen(feed)).toEqual(['b', 'c']);
});

test('asked again, it gives nothing twice', async () => {
  const feed = asked();
  feed.present('a');
  feed.hold();
  feed.present('a');
  feed.hear('end');
  expect(await seen(feed)).toEqual(['a']);
});

test('of several answers the last one counts, and one that never comes holds nothing up', async () => {
  const feed = asked();
  feed.hold();
  feed.present('old');
  feed.hear('new');
  feed.present('new');
  feed.hold();
  feed.unanswered();
  feed.hold();
  feed.present(null);
  feed.hear('end');
  expect(await seen(feed)).toEqual(['new']);
});

test('an end with a reason is an error, an end without is an end', async () => {
  const [failed, ended] = [new Feed(), new Feed()];
  failed.end(new Error('gone'));
  ended.end();
  await expect(seen(failed)).rejects.toThrow('gone');
  expect(await seen(ended)).toEqual([]);
});
