test.todo('a sentence about behaviour');
