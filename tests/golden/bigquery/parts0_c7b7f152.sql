-- table demo.app.parts0: id INT64, v STRING, brand_id INT64, doc JSON, price BIGNUMERIC
-- table demo.app_staging.parts0__RUN: _plimsoll_op STRING, id INT64, v STRING, brand_id INT64, doc JSON, price BIGNUMERIC
MERGE `demo.app.parts0` AS T
USING `demo.app_staging.parts0__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`v` = S.`v`, T.`brand_id` = S.`brand_id`, T.`doc` = S.`doc`, T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `brand_id`, `doc`, `price`) VALUES (S.`id`, S.`v`, S.`brand_id`, S.`doc`, S.`price`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
