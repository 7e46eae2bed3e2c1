test.todo('to come');
