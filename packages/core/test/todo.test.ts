test.todo("to come");
