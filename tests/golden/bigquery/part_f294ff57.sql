-- table demo.app.part: id INT64, v STRING, brand STRING, doc JSON, price BIGNUMERIC
-- table demo.app_staging.part__RUN: _plimsoll_op STRING, id INT64, v STRING, brand STRING, doc JSON, price BIGNUMERIC
MERGE `demo.app.part` AS T
USING `demo.app_staging.part__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v` OR T.`brand` IS DISTINCT FROM S.`brand` OR TO_JSON_STRING(T.`doc`) IS DISTINCT FROM TO_JSON_STRING(S.`doc`) OR T.`price` IS DISTINCT FROM S.`price`) THEN UPDATE SET T.`v` = S.`v`, T.`brand` = S.`brand`, T.`doc` = S.`doc`, T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `brand`, `doc`, `price`) VALUES (S.`id`, S.`v`, S.`brand`, S.`doc`, S.`price`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
